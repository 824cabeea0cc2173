"""What the API sends, as its description documents it."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from cluster_core.model.bundle.accuracy import Accuracy
from cluster_core.model.bundle.summaries import ModelSummary


class Health(BaseModel):
    """The server answers."""

    status: Literal["ok"]
    program: str = Field(examples=["cluster-lab 0.2.0"])


class ModelAccuracy(BaseModel):
    """The best that is known of a model's accuracy on new pictures."""

    share: float = Field(description="Share of correct answers, 0 to 1.")
    interval: list[float] | None = Field(description="Its 95 % confidence interval, 0 to 1.")
    n: int = Field(description="Number of pictures that it was measured on.")
    source: Literal["cross-validation", "test"]

    @classmethod
    def of(cls, accuracy: Accuracy) -> ModelAccuracy:
        """Return the document of an accuracy."""
        return cls(
            share=accuracy.share,
            interval=list(accuracy.interval) if accuracy.interval else None,
            n=accuracy.n,
            source="cross-validation" if accuracy.is_cross_validated else "test",
        )


class Model(BaseModel):
    """A model."""

    id: str = Field(description="Names the model in addresses.", examples=["starter"])
    title: str
    labels: list[str] = Field(description="Its classes.")
    is_default: bool = Field(description="Whether it answers when no model is named.")
    is_usable: bool = Field(description="Whether it can answer; `problem` says why not.")
    problem: str | None
    network: str = Field(description="The pretrained network that it builds on.")
    created: str | None = Field(description="Time of its training, ISO 8601, UTC.")
    n_test: int | None = Field(
        description="Pictures of its final test; null if there is no record of one."
    )
    n_right: int | None = Field(description="Test pictures that it labelled correctly.")
    accuracy_interval: list[float] | None = Field(
        description="The 95 % confidence interval of its accuracy in the test, 0 to 1."
    )
    accuracy: ModelAccuracy | None = Field(
        description="The best that is known of its accuracy: its cross-validation, else its test."
    )
    accuracy_in_words: str = Field(description="The same as a sentence.")
    unsure_below: float = Field(
        description="An answer is unsure if its best score, rounded to two digits, is lower."
    )
    measures_novelty: bool = Field(description="Whether it can answer *none of these*.")

    @classmethod
    def of(cls, model: ModelSummary) -> Model:
        """Return the document of a model."""
        problem = model.problem
        if problem is None and model.lacks_network:
            problem = f"Its network {model.architecture} is not on this server."
        return cls(
            id=model.id,
            title=model.title,
            labels=list(model.labels),
            is_default=model.is_default,
            is_usable=model.is_usable,
            problem=problem,
            network=model.architecture,
            created=model.created or None,
            n_test=model.n_test or None,
            n_right=model.n_right if model.n_test else None,
            accuracy_interval=list(model.interval) if model.interval else None,
            accuracy=ModelAccuracy.of(model.accuracy) if model.accuracy else None,
            accuracy_in_words=model.accuracy_sentence,
            unsure_below=model.unsure_below,
            measures_novelty=model.measures_novelty,
        )


class Models(BaseModel):
    """All models that may be used, the default first."""

    models: list[Model]


class Answer(BaseModel):
    """The answer for one picture, or the problem with it; the other values are null then."""

    file: str | None = Field(description="The name that was sent with the picture.")
    label: str | None = Field(description="The class with the best score, whatever the verdict.")
    score: float | None = Field(description="Score of the label, 0 to 1.")
    verdict: Literal["label", "unsure", "none of these"] | None
    novelty: float | None = Field(
        description="How unlike the training pictures it is, 0 to 1; null if it was not measured."
    )
    scores: dict[str, float] | None = Field(description="Score of each class; they add up to 1.")
    milliseconds: float | None = Field(description="Time to decode and label the picture.")
    warning: str | None = Field(description="A sentence if a part of the picture is missing.")
    problem: str | None = Field(description="Why there is no answer, in a sentence.")


class Answers(BaseModel):
    """The answers for the pictures of a request, in their order."""

    model: str = Field(description="Title of the model.")
    model_id: str
    unsure_below: float
    program: str
    answers: list[Answer]


class ProblemDetails(BaseModel):
    """Why there is no answer (RFC 9457)."""

    type: Literal["about:blank"]
    title: str = Field(description="What the status means.", examples=["Not Found"])
    status: int
    detail: str = Field(description="What is wrong and what to do, in a sentence.")


class NothingReadable(ProblemDetails):
    """Why none of the pictures has an answer."""

    answers: list[Answer] = Field(description="One for each picture, with its `problem`.")
