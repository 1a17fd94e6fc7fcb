from django.urls import path

from casks.views import index

urlpatterns = [path("", index)]
