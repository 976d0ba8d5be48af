"""The parts that keep media in one process: the folder of incoming files, the place of the objects, the threads."""

from __future__ import annotations

from dataclasses import dataclass

from chaupal.media.bucket import BucketObjects, BucketPlace
from chaupal.media.incoming import IncomingFile, IncomingFolder, MediaThreads
from chaupal.media.objects import FolderObjects, ObjectStore
from chaupal.settings import Settings


@dataclass(frozen=True, slots=True, eq=False)
class MediaStore:
    """Made by `make_media_store`; holds nothing open."""

    incoming: IncomingFolder
    objects: ObjectStore
    threads: MediaThreads

    def new_file(self) -> IncomingFile:
        """A temporary file to write to.

        Raises:
            StorageFull.
        """
        return IncomingFile(self.incoming.new_path(), self.threads, is_to_stay=self.objects.takes_files_over)


def make_media_store(settings: Settings) -> MediaStore:
    """As the settings say. Touches neither the disk nor the network."""
    threads = MediaThreads()
    folder = settings.data / "media"
    objects: ObjectStore
    if settings.media_store:
        objects = BucketObjects(
            BucketPlace.of(
                settings.media_store,
                endpoint=settings.media_s3_endpoint,
                region=settings.media_s3_region,
                key_id=settings.media_s3_key_id,
                secret=settings.media_s3_secret,
            )
        )
    else:
        objects = FolderObjects(folder / "objects", threads)
    return MediaStore(IncomingFolder(folder / "incoming"), objects, threads)
