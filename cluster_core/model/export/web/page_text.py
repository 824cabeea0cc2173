"""What the owner of a model says on its web page."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from cluster_core.errors import ConfigError
from cluster_core.model.bundle.summaries import MAX_TITLE_LENGTH, clean_title

MAX_DESCRIPTION_LENGTH = 2000
MAX_EXAMPLES = 12
_MAX_LINK_LENGTH = 500
_SCHEMES = ("http", "https")


@dataclass(frozen=True)
class PageText:
    """What a model's web page says and shows besides the answers.

    Attributes
    ----------
    title : str
        Title of the page, 1 to 80 characters; spaces and invisible characters are cleaned up.
    description : str
        What the model is for, up to 2000 characters; empty lines separate paragraphs.
    examples : tuple of Path
        Up to 12 picture files that visitors can try.
    link : str
        Address that the page links to, http or https; empty for none.

    Raises
    ------
    ConfigError
        If a text is too long or missing, there are too many examples, or the link has
        another scheme.
    """

    title: str
    description: str = ""
    examples: tuple[Path, ...] = ()
    link: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "title", clean_title(self.title))
        _check_length("title", self.title, MAX_TITLE_LENGTH)
        _check_length("description", self.description, MAX_DESCRIPTION_LENGTH)
        _check_length("link", self.link, _MAX_LINK_LENGTH)
        if not self.title:
            raise ConfigError(
                "The page needs a title: enter one.",
                field="title",
                received=self.title,
                allowed=f"1 to {MAX_TITLE_LENGTH} characters",
            )
        if len(self.examples) > MAX_EXAMPLES:
            raise ConfigError(
                f"The page takes up to {MAX_EXAMPLES} example pictures, not {len(self.examples)}: "
                "choose fewer.",
                field="examples",
                received=len(self.examples),
                allowed=f"0 to {MAX_EXAMPLES} files",
            )
        if self.link and not _is_web_address(self.link):
            raise ConfigError(
                f"The link {self.link!r} is not a web address: it must start with https://",
                field="link",
                received=self.link,
                allowed="an address that starts with http:// or https://",
            )


def _check_length(field: str, text: str, max_length: int) -> None:
    if len(text) > max_length:
        raise ConfigError(
            f"The {field} has {len(text)} characters, but the limit is {max_length}: shorten it.",
            field=field,
            received=len(text),
            allowed=f"up to {max_length} characters",
        )


def _is_web_address(link: str) -> bool:
    try:
        parts = urlsplit(link)
    except ValueError:
        return False
    return parts.scheme in _SCHEMES and bool(parts.hostname) and link.isprintable()
