"""Published models: static pages that this server hands out, and that answer in the browser."""
