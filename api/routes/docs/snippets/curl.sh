# a file
curl -F image=@photo.jpg http://127.0.0.1:8000/api/v1/classify

# a file as the raw body, and where the model looked
curl --data-binary @photo.jpg 'http://127.0.0.1:8000/api/v1/classify?explain=true'

# a link
curl --json '{"url": "https://example.org/cat.jpg"}' http://127.0.0.1:8000/api/v1/classify
