<?php
$request = curl_init("http://127.0.0.1:8000/api/v1/classify");
curl_setopt_array($request, [
    CURLOPT_POSTFIELDS => ["image" => new CURLFile("photo.jpg")],
    CURLOPT_RETURNTRANSFER => true,
    CURLOPT_TIMEOUT => 30,
]);
$result = json_decode(curl_exec($request), true);
if (curl_getinfo($request, CURLINFO_RESPONSE_CODE) === 200) {
    echo $result["verdict"], " ", $result["predictions"][0]["score"], "\n";
} else {
    echo $result["code"], " ", $result["detail"], "\n";
}
