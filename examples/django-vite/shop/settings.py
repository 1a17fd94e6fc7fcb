import os
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent

# Where it really runs, the environment has one; without it, one that ends with the process.
SECRET_KEY = os.environ.get("SECRET_KEY") or os.urandom(32).hex()
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "*").split(",")
DEBUG = False

INSTALLED_APPS = ["django.contrib.staticfiles", "django_vite", "casks"]
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
# Vite's build, which gathering static files takes in.
STATICFILES_DIRS = [BASE_DIR / "assets"]
STORAGES = {"staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"}}
DJANGO_VITE = {"default": {"manifest_path": BASE_DIR / "assets" / "manifest.json"}}
USE_TZ = True
