"""Files that people send stay in memory, and of a large one nothing but its size: no upload reaches a disk.

Not even for a while: a file of connections holds client secrets.
"""

from io import BytesIO
from typing import Any, Final

from django.core.files.uploadedfile import InMemoryUploadedFile
from django.core.files.uploadhandler import FileUploadHandler

from gangway.imports.reading import MOST_BYTES as MOST_OF_TABLE
from gangway.organizations.pictures import MOST_BYTES

MOST: Final = {"table": MOST_OF_TABLE}
"""How many bytes are kept of the file in a field; in all others as many as a logo may have."""


class SmallFile(FileUploadHandler):
    """Keeps a file of at most so many bytes as its field may have; a larger one comes out empty, with its true size."""

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file."""
        super().new_file(*args, **kwargs)
        self._kept, self._most = BytesIO(), MOST.get(self.field_name or "", MOST_BYTES)

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Keep what may be kept, and hand nothing on."""
        if start + len(raw_data) <= self._most:
            self._kept.write(raw_data)

    def file_complete(self, file_size: int) -> InMemoryUploadedFile:
        """Give the file to the form."""
        content = self._kept if file_size <= self._most else BytesIO()
        content.seek(0)
        return InMemoryUploadedFile(
            content,
            self.field_name,
            self.file_name,
            self.content_type,
            file_size,
            self.charset,
            self.content_type_extra,
        )
