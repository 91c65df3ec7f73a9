"""The form at the top of the book."""

from django import forms

from guestbook.models import Entry


class EntryForm(forms.ModelForm):
    """A new entry. `website` is not for people: the page hides it, and only a program fills it in."""

    website = forms.CharField(required=False, label="Leave this empty")

    class Meta:
        model = Entry
        fields = ["name", "place", "message"]
        widgets = {
            "name": forms.TextInput(attrs={"autocomplete": "name"}),
            "place": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "message": forms.Textarea(attrs={"rows": 4}),
        }
        error_messages = {
            "name": {"required": "Please say who you are."},
            "message": {"required": "Please write a line or two."},
        }

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["website"].widget.attrs |= {"autocomplete": "off", "tabindex": "-1"}

    def clean_website(self) -> str:
        if self.cleaned_data["website"]:
            raise forms.ValidationError("This field is for nobody.")
        return ""
