# The calls of the page that this API is made after, one after another.
import json, requests, sys

url_base, token = sys.argv[1], sys.argv[2]
api_root = url_base + '/api/v1/http-endpoint'

# Create an HTTP endpoint
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
print(r.status_code, resp_data)

# Trigger HTTP endpoint handler
path = 'helloworld'
url = api_root + f'/u/{path}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
r = requests.get(url, headers=headers)
print(r.status_code, r.content)

# Update an HTTP endpoint
id = "my-endpoint-id"
url = api_root + f'/{id}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
args = {
    'id': id,
    'path': "helloworld",
    'handler_script_path': "/jaydoe/my_repo/fs/Instabase Drive/handlers/hello.py",
    'enabled': True,
}
json_data = json.dumps(args)
r = requests.patch(url, data=json_data, headers=headers)
resp_data = json.loads(r.content)
print(r.status_code, resp_data)

# Get an HTTP endpoint
url = api_root + f'/{id}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
r = requests.get(url, headers=headers)
resp_data = json.loads(r.content)
print(r.status_code, resp_data)

# List HTTP endpoint
id = 'my-endpoint-id'
url = api_root + f'/list?id={id}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
r = requests.get(url, headers=headers)
resp_data = json.loads(r.content)
print(r.status_code, resp_data)

# Delete an HTTP endpoint
url = api_root + f'/{id}'
headers = {
    'Authorization': 'Bearer {0}'.format(token)
}
r = requests.delete(url, headers=headers)
resp_data = json.loads(r.content)
print(r.status_code)
