from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

CASKS = ["firkin", "kilderkin", "barrel"]


def index(request: HttpRequest) -> HttpResponse:
    return render(request, "casks/index.html", {"casks": CASKS})
