"""Pictures to label wherever they are: folders, archives, lists, web addresses, object stores."""
