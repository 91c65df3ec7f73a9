"""The visitors' book."""

from django.core.validators import MinLengthValidator
from django.db import models
from django.urls import reverse


class Entry(models.Model):
    """What one visitor wrote."""

    name = models.CharField(max_length=60)
    place = models.CharField("where from", max_length=80, blank=True)
    message = models.TextField(max_length=500, validators=[MinLengthValidator(2)])
    country = models.CharField(max_length=40, db_default="", editable=False)
    written_at = models.DateTimeField(auto_now_add=True)
    lamps = models.PositiveIntegerField(db_default=0, editable=False)

    class Meta:
        ordering = ["-id"]
        verbose_name_plural = "entries"

    def __str__(self) -> str:
        return f"{self.name}: {self.message[:40]}"

    def get_absolute_url(self) -> str:
        return reverse("guestbook:entry", args=[self.pk])
