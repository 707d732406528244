# The calls of the document of the HTTP endpoint API in its order; where it does
# not print an answer, neither does this.
import os

token = os.environ["TOKEN"]
url_base = os.environ["URL_BASE"]
api_root = url_base + '/api/v1/http-endpoint'

# Create an HTTP endpoint
import json, requests
# The id must be unique across all HTTP endpoints entries.
id = "my-endpoint-id"
url = api_root + f'/{id}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
args = {
    'path': "helloworld",
    'handler_script_path': "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py",
}
r = requests.put(url, data=json.dumps(args), headers=headers)
resp_data = json.loads(r.content)
print(resp_data)
assert r.status_code == 201

# Trigger HTTP endpoint handler
path = 'helloworld'
url = api_root + f'/u/{path}'
r = requests.get(url, headers=headers)
print(r.content)

# Update an HTTP endpoint
url = api_root + f'/{id}'
args = {
    'id': id,
    'path': "helloworld",
    'handler_script_path': "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py",
    'enabled': True,
}
json_data = json.dumps(args)
r = requests.patch(url, data=json_data, headers=headers)
resp_data = json.loads(r.content)
print(resp_data)

# Get an HTTP endpoint
r = requests.get(url, headers=headers)
resp_data = json.loads(r.content)
print(resp_data)

# List HTTP endpoint
url = api_root + f'/list?id={id}'
r = requests.get(url, headers=headers)
resp_data = json.loads(r.content)
print(resp_data)

# Delete an HTTP endpoint
url = api_root + f'/{id}'
r = requests.delete(url, headers=headers)
resp_data = json.loads(r.content)
assert r.status_code == 200
