import requests

with open("photo.jpg", "rb") as photo:
    answer = requests.post(
        "http://127.0.0.1:8000/api/v1/classify", files={"image": photo}, timeout=30
    )
result = answer.json()
if answer.ok:
    print(result["verdict"], result["predictions"][0]["score"])
else:
    print(result["code"], result["detail"])
