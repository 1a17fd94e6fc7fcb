<%@ page contentType="text/html; charset=UTF-8" %>
<!doctype html>
<title>Casks</title>
<p><%= 1 + 2 %> casks.</p>
