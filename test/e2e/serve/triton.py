"""Drives a service with the unmodified tritonclient: sys.argv[1] is host:port; prints what it saw as JSON."""
import json
import sys

import numpy as np
import tritonclient.http as triton
from tritonclient.utils import InferenceServerException

client = triton.InferenceServerClient(sys.argv[1])
rows = np.asarray(json.load(open(sys.argv[2])), dtype=np.float32)
photo = open(sys.argv[3], 'rb').read()

assert client.is_server_live() and client.is_server_ready()
assert client.is_model_ready('tiny') and client.is_model_ready('tiny', '1')
assert not client.is_model_ready('nobody')
server = client.get_server_metadata()
model = client.get_model_metadata('tiny')


def names(version):
    described = client.get_model_metadata('tiny', version)
    return described['inputs'][0]['name'], described['outputs'][0]['name']


name, output = names('1')


def tensor(data, datatype='FP32', binary=True, name=name):
    value = triton.InferInput(name, data.shape, datatype)
    value.set_data_from_numpy(data, binary_data=binary)
    return value


def infer(inputs, version='1', outputs=None, **options):
    return client.infer('tiny', inputs, model_version=version, outputs=outputs, **options)


answers = {}
for way in ('binary', 'json'):
    wanted = [triton.InferRequestedOutput(output, binary_data=way == 'binary')]
    result = infer([tensor(rows, binary=way == 'binary')], outputs=wanted, request_id=way)
    assert result.get_response()['id'] == way
    answers[way] = result.as_numpy(output).tolist()
answers['mixed'] = infer([tensor(rows, binary=False)]).as_numpy(output).tolist()
answers['alias'] = infer([tensor(rows)], version='production').as_numpy(output).tolist()
newest_name, newest_output = names('')
answers['newest'] = infer([tensor(rows, name=newest_name)], version='').as_numpy(newest_output).tolist()

images = np.array([photo, photo], dtype=np.object_)
top = triton.InferRequestedOutput(output, binary_data=True, class_count=2)
classes = infer([tensor(images, 'BYTES')], outputs=[top]).as_numpy(output)

try:
    infer([tensor(rows[:, :4])])
    refused = None
except InferenceServerException as error:
    refused = [error.status(), error.message()]

print(json.dumps({
    'server': server,
    'model': model,
    'answers': answers,
    'classes': [[text.decode() for text in row] for row in classes],
    'refused': refused,
    'index': client.get_model_repository_index(),
    'statistics': client.get_inference_statistics('tiny', '1')['model_stats'],
}))
