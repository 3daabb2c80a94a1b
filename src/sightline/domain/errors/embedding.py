"""Errors of models, engines, pictures and requests for vectors. Does not know collections."""

from sightline.domain.errors.root import InputError, SightlineError


class InvalidRequestError(InputError):
    code = "invalid_request"


class NoTextTowerError(InputError):
    code = "no_text_tower"


class UnknownServedModelError(InputError):
    code = "model_not_found"


class UrlError(InputError):
    """An address on the web gave no picture."""

    code = "unreachable_url"


class UrlFetchOffError(UrlError):
    code = "url_fetch_off"


class UnreachableUrlError(UrlError):
    """Not allowed, not there, or no address at all: told apart, they would map the network inside."""

    code = "unreachable_url"


class UrlAnswerError(UrlError):
    code = "url_bad_answer"


class UrlTooSlowError(UrlError):
    code = "url_too_slow"


class ImageError(InputError):
    code = "broken_image"


class EmptyImageError(ImageError):
    code = "empty_image"


class ImageBytesError(ImageError):
    code = "image_too_many_bytes"


class ImageSizeError(ImageError):
    code = "image_too_large"


class ImageFormatError(ImageError):
    code = "unsupported_format"


class BrokenImageError(ImageError):
    code = "broken_image"


class ModelError(SightlineError):
    """Raised while a model is found, fetched or read: the operator's business, so file names are shown."""

    code = "model_error"


class UnknownModelError(ModelError):
    code = "unknown_model"


class MissingFileError(ModelError):
    code = "missing_file"


class BrokenFileError(ModelError):
    code = "broken_file"


class ChangedFileError(ModelError):
    code = "changed_file"


class UnknownLayoutError(ModelError):
    code = "unknown_layout"


class MissingTensorError(ModelError):
    code = "missing_tensor"


class TensorShapeError(ModelError):
    code = "wrong_shape"


class CanaryError(ModelError):
    """The model is loaded and runs, and what it gives is wrong; found before anything is served."""

    code = "canary_failed"


class SettingsError(SightlineError):
    code = "invalid_settings"


class EngineError(SightlineError):
    code = "engine_error"


class EngineUnavailableError(EngineError):
    code = "engine_unavailable"


class ForwardError(EngineError):
    code = "forward_failed"


class OutOfMemoryError(EngineError):
    """A forward did not fit into the device's memory; fewer rows may."""

    code = "out_of_memory"


class NonFiniteVectorError(EngineError):
    code = "nonfinite_vector"


class TargetError(SightlineError):
    """Raised by `sightline bench serve`: its operator started the server, so its log and answer are shown."""

    code = "target_failed"


class BusyError(SightlineError):
    code = "busy"


class OverloadedError(BusyError):
    code = "overloaded"

    def __init__(self, message: str, retry_after_s: float) -> None:
        super().__init__(message)
        self.retry_after_s = retry_after_s


class NotReadyError(BusyError):
    code = "not_ready"


class DeadlineError(BusyError):
    code = "deadline"
