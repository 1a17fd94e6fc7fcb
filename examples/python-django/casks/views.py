from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

CASKS = ["firkin", "kilderkin", "barrel"]


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "casks/index.html", {"casks": CASKS, "zone": timezone.get_current_timezone_name()})
