"""Replays the requests of TensorFlow Serving's REST documentation, rebuilt, with plain requests: sys.argv[1] is the service's URL."""
import base64
import json
import sys

import requests

base = sys.argv[1] + '/v1/models'
picture = base64.b64encode(open(sys.argv[2], 'rb').read()).decode()


def post(path, body):
    # As the documentation's curl does: the body is text, the content type is whatever the client says by itself.
    answer = requests.post(f'{base}/{path}', data=json.dumps(body), timeout=60)
    return [answer.status_code, answer.json()]


def get(path):
    answer = requests.get(f'{base}/{path}', timeout=60)
    return [answer.status_code, answer.headers['content-type'], answer.json()]


one = {'signal': [1, 2, 3, 4, 5], 'sensor': [[1, 2], [3, 4]]}
two = {'signal': [5, 4, 3, 2, 1], 'sensor': [[4, 3], [2, 1]]}
columns = {name: [one[name], two[name]] for name in one}

print(json.dumps({
    'rows': post('half-plus-two:predict', {'instances': [[1.0], [2.0], [5.0]]}),
    'columns': post('half-plus-two:predict', {'inputs': [[1.0], [2.0], [5.0]]}),
    'named_column': post('half-plus-two:predict', {'inputs': {'x': [[1.0], [2.0], [5.0]]}}),
    'signature': post('half-plus-two:predict', {'signature_name': 'serving_default', 'instances': [{'x': [1.0]}]}),
    'other_signature': post('half-plus-two:predict', {'signature_name': 'other', 'instances': [[1.0]]}),
    'both_forms': post('half-plus-two:predict', {'instances': [[1.0]], 'inputs': [[1.0]]}),
    'version': post('half-plus-two/versions/1:predict', {'instances': [[1.0]]}),
    'label': post('half-plus-two/labels/stable:predict', {'instances': [[1.0]]}),
    'no_version': post('half-plus-two/versions/7:predict', {'instances': [[1.0]]}),
    'no_model': post('nobody:predict', {'instances': [[1.0]]}),
    'regress': post('half-plus-two:regress', {'examples': [{'x': [1.0]}, {'x': [2.0]}]}),
    'regress_context': post('half-plus-two:regress', {'context': {'x': [4.0]}, 'examples': [{}, {'x': [2.0]}]}),
    'several_rows': post('signals:predict', {'instances': [one, two]}),
    'several_columns': post('signals:predict', {'inputs': columns}),
    'missing_input': post('signals:predict', {'instances': [{'signal': [1, 2, 3, 4, 5]}]}),
    'image': post('tiny:predict', {'instances': [{'b64': picture}, {'b64': picture}]}),
    'classify_images': post('tiny:classify', {'examples': [{'b64': picture}]}),
    'status': get('half-plus-two'),
    'status_version': get('half-plus-two/versions/1'),
    'status_label': get('half-plus-two/labels/stable'),
    'no_status': get('nobody'),
    'metadata': get('half-plus-two/metadata'),
    'metadata_several': get('signals/versions/1/metadata'),
}))
