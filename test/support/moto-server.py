"""moto with two things that AWS does and it leaves out.

Conditional writes come one at a time, as S3 makes them: moto checks If-Match and writes in two steps, and another thread may come between.
A session's own policy narrows its role's: moto keeps the policy that AssumeRole was given and never looks at it (once a test turned IAM on).
"""

import sys
import threading

from moto.iam.access_control import AssumedRoleAccessKey, IAMPolicy, IAMRequestBase, PermissionResult
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from moto.sts.models import sts_backends
from werkzeug.serving import run_simple

allowed_by_role = IAMRequestBase.check_action_permitted


def allowed_by_both(request, resource):
    allowed_by_role(request, resource)
    key = request._access_key
    if not isinstance(key, AssumedRoleAccessKey):
        return
    sessions = sts_backends[key.account_id][key.partition].assumed_roles
    policy = next(each.policy for each in sessions if each.access_key_id == key._access_key_id)
    if policy and IAMPolicy(policy).is_action_permitted(request._action, resource) is not PermissionResult.PERMITTED:
        request._raise_access_denied()


IAMRequestBase.check_action_permitted = allowed_by_both

application = DomainDispatcherApplication(create_backend_app)
one_at_a_time = threading.Lock()


def serialised(environ, start_response):
    if environ["REQUEST_METHOD"] not in ("PUT", "DELETE"):
        return application(environ, start_response)
    with one_at_a_time:
        return list(application(environ, start_response))


run_simple("127.0.0.1", int(sys.argv[1]), serialised, threaded=True)
