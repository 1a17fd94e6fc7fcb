import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Where it really runs, the environment has one; without it, one that ends with the process.
SECRET_KEY = os.environ.get("SECRET_KEY") or os.urandom(32).hex()
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "*").split(",")
DEBUG = False

INSTALLED_APPS = ["django.contrib.staticfiles", "casks"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.common.CommonMiddleware",
]
ROOT_URLCONF = "shop.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
WSGI_APPLICATION = "shop.wsgi.application"

STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "static-files"
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"}}
TIME_ZONE = "Europe/Vienna"
USE_TZ = True
