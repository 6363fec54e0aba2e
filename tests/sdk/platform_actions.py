"""The actions of the services that albridge runs on: RAM, STS, CloudFlow, stacks, event rules, Function Compute."""

import base64
import io
import json
import time
import zipfile

from clients import refused, until
from world import CHENGDU, HANGZHOU

# The hand-written table of RAM (shared/emulator/data/ram-parameters.json): the SDKs' own file lacks it.
RAM_ACTIONS = (
    "CreateRole",
    "GetRole",
    "ListRoles",
    "UpdateRole",
    "DeleteRole",
    "ListPoliciesForRole",
    "AttachPolicyToRole",
    "DetachPolicyFromRole",
    "CreatePolicy",
    "DeletePolicy",
    "GetPolicy",
)
# Path-style Function Compute, as far as it is played (docs/emulator-fidelity.md).
FC_ACTIONS = (
    "CreateFunction",
    "CreateTrigger",
    "DeleteFunction",
    "DeleteTrigger",
    "GetFunction",
    "GetTrigger",
    "InvokeFunction",
    "ListFunctions",
    "ListTriggers",
    "UpdateFunction",
    "UpdateTrigger",
)

# Actions that can only be refused here, each with the refusal and its reason.
UNSERVED = "tokens go to functions, and nobody serves one here (shared/emulator/tests/conformance has them reported)"
REFUSED = {
    "fnf.ReportTaskSucceeded": ("TaskNotExists", UNSERVED),
    "fnf.ReportTaskFailed": ("TaskNotExists", UNSERVED),
    "sts.AssumeRoleWithOIDC": (
        "AuthenticationFail.OIDCToken.Invalid",
        "no provider is registered here (shared/cli/src/tests/keys.rs has tokens that hold)",
    ),
}

TRUST = json.dumps(
    {
        "Version": "1",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"RAM": ["acs:ram::1234567890123456:root"], "Service": ["fnf.aliyuncs.com"]},
            }
        ],
    }
)
READ_ONLY = json.dumps(
    {"Version": "1", "Statement": [{"Effect": "Allow", "Action": ["vpc:Describe*"], "Resource": ["*"]}]}
)
FLOW = """Type: StateMachine
Name: waits
SpecVersion: v1
StartAt: Wait
States:
  - { Type: Wait, Name: Wait, Seconds: %d, End: true }
"""
# A state waits five minutes at most, which are over at once where the emulator's time runs fast.
LONG_FLOW = FLOW.replace("End: true", "Next: Wait1").replace("%d", "300") + "".join(
    f"  - {{ Type: Wait, Name: Wait{at}, Seconds: 300, {'End: true' if at == 40 else f'Next: Wait{at + 1}'} }}\n"
    for at in range(1, 41)
)
TEMPLATE = """ROSTemplateFormatVersion: '2015-09-01'
Description: One of each kind that the actions look at
Parameters:
  Note: { Type: String, Default: first, Description: What the rule says of itself }
Resources:
  Role:
    Type: ALIYUN::RAM::Role
    Properties:
      RoleName: sdk-function
      AssumeRolePolicyDocument:
        Version: '1'
        Statement: [{ Effect: Allow, Action: 'sts:AssumeRole', Principal: { Service: [fc.aliyuncs.com] } }]
  Work:
    Type: ALIYUN::FC3::Function
    Properties:
      FunctionName: sdk-work
      Description: Nobody serves it
      Runtime: custom.debian12
      Handler: bootstrap
      Code: { OssBucketName: code, OssObjectName: work.zip }
      CustomRuntimeConfig: { Command: [/code/bootstrap], Port: 9000 }
      Timeout: 30
      MemorySize: 256
      Role: { 'Fn::GetAtt': [Role, Arn] }
  Timer:
    Type: ALIYUN::FC3::Trigger
    Properties:
      FunctionName: { 'Fn::GetAtt': [Work, FunctionName] }
      TriggerName: yearly
      TriggerType: timer
      TriggerConfig: { cronExpression: '0 0 0 1 1 *', enable: true, payload: '{}' }
  States:
    Type: ALIYUN::EventBridge::Rule
    Properties:
      EventBusName: default
      RuleName: sdk-states
      Description: { Ref: Note }
      Status: ENABLE
      FilterPattern: { source: [acs.nobody] }
      Targets:
        - Id: work
          Type: acs.fc.function
          Endpoint: { 'Fn::GetAtt': [Work, ARN] }
          ParamList:
            - { ResourceKey: functionName, Form: CONSTANT, Value: { 'Fn::GetAtt': [Work, FunctionName] } }
Outputs:
  Function: { Value: { 'Fn::GetAtt': [Work, FunctionName] } }
"""


class PlatformTour:
    """One method for each service or family of services; `actions` runs them."""

    def __init__(self, recorder):
        self.recorder = recorder
        self.call = recorder.call
        self.expect = recorder.expect

    def identity(self):
        """RAM and STS: a role, its policy, and a call with the role's temporary key."""
        self.call("ram", "CreateRole", {"RoleName": "sdk", "AssumeRolePolicyDocument": TRUST, "Description": "tests"})
        role = self.call("ram", "GetRole", {"RoleName": "sdk"}).typed.role
        self.call("ram", "ListRoles")
        self.call("ram", "CreatePolicy", {"PolicyName": "sdk", "PolicyDocument": READ_ONLY, "Description": "tests"})
        self.call("ram", "GetPolicy", {"PolicyName": "sdk", "PolicyType": "Custom"})
        request = {"RoleName": "sdk", "PolicyName": "sdk", "PolicyType": "Custom"}
        self.call("ram", "AttachPolicyToRole", request)
        self.call("ram", "ListPoliciesForRole", {"RoleName": "sdk"})
        self.call("ram", "UpdateRole", {"RoleName": "sdk", "NewAssumeRolePolicyDocument": TRUST})
        session = self.call("sts", "AssumeRole", {"RoleArn": role.arn, "RoleSessionName": "sdk"}).typed.credentials
        key = (session.access_key_id, session.access_key_secret, session.security_token)
        for algorithm in (None, "v2"):
            caller = self.call("sts", "GetCallerIdentity", key=key, algorithm=algorithm).typed
            self.expect("the session's kind", caller.identity_type, "AssumedRoleUser")
            self.call("vpc", "DescribeVpcs", {"RegionId": CHENGDU}, key=key, algorithm=algorithm)
            refusal = refused("", lambda: self.call("alb", "ListLoadBalancers", key=key, algorithm=algorithm))
            self.expect("what the policy does not allow", refusal.status_code, 403)
        code, _ = REFUSED["sts.AssumeRoleWithOIDC"]
        provider = "acs:ram::1234567890123456:oidc-provider/sdk"
        token = {"OIDCProviderArn": provider, "RoleArn": role.arn, "RoleSessionName": "sdk", "OIDCToken": "none"}
        refused(code, lambda: self.recorder.emulator.call("sts", "AssumeRoleWithOIDC", token))
        refusal = refused("DeleteConflict", lambda: self.recorder.emulator.call("ram", "DeleteRole", {"RoleName": "sdk"}))
        self.expect("a role with a policy", refusal.status_code, 409)
        self.call("ram", "DetachPolicyFromRole", request)
        self.call("ram", "DeletePolicy", {"PolicyName": "sdk"})
        self.call("ram", "DeleteRole", {"RoleName": "sdk"})

    def fnf(self):
        def call(action, request):
            return self.call("fnf", action, request, HANGZHOU)

        flow = {"Name": "waits", "Description": "waits", "Type": "FDL", "Definition": FLOW % 1}
        call("CreateFlow", flow)
        call("DescribeFlow", {"Name": "waits"})
        call("DescribeRegions", {})
        call("ListFlows", {"Limit": 10})
        call("UpdateFlow", {"Name": "waits", "Definition": FLOW % 2, "Description": "waits longer", "Type": "FDL"})
        run = {"FlowName": "waits", "ExecutionName": "one"}
        call("StartExecution", run | {"Input": '{"binding":"web"}'})
        # Two looks a second of the emulator's time are all that these actions allow.
        until("the execution", lambda: self.paced(lambda: call("DescribeExecution", run).typed.status == "Succeeded"))
        call("GetExecutionHistory", run | {"Limit": 50})
        call("UpdateFlow", {"Name": "waits", "Definition": LONG_FLOW})
        run["ExecutionName"] = "two"
        call("StartExecution", run | {"Input": "{}"})
        call("ListExecutions", {"FlowName": "waits", "Limit": 10})
        stopped = call("StopExecution", run | {"Error": "enough", "Cause": "tests"}).typed
        self.expect("the stopped execution", stopped.status, "Stopped")
        for action, request in (
            ("ReportTaskSucceeded", {"TaskToken": "none", "Output": "{}"}),
            ("ReportTaskFailed", {"TaskToken": "none", "Error": "none"}),
        ):
            code, _ = REFUSED[f"fnf.{action}"]
            refused(code, lambda action=action, request=request: call(action, request))
        call("DeleteFlow", {"Name": "waits"})

    def paced(self, look):
        time.sleep(0.1)
        return look()

    def stacks(self):
        """Stacks, and what a stack of each kind makes: functions, triggers, rules."""

        def call(action, request):
            return self.call("ros", action, {"RegionId": HANGZHOU} | request, HANGZHOU)

        self.call("ros", "ValidateTemplate", {"TemplateBody": TEMPLATE}, HANGZHOU)
        call("PreviewStack", {"StackName": "sdk", "TemplateBody": TEMPLATE})
        stack = {"StackId": call("CreateStack", {"StackName": "sdk", "TemplateBody": TEMPLATE})["StackId"]}

        def status(wanted):
            until(f"the stack to be {wanted}", lambda: call("GetStack", stack)["Status"] == wanted)

        status("CREATE_COMPLETE")
        call("ListStacks", {})
        call("ListStackResources", stack)
        call("ListStackEvents", stack)
        call("GetTemplate", stack)
        note = [{"ParameterKey": "Note", "ParameterValue": "second"}]
        call("UpdateStack", stack | {"TemplateBody": TEMPLATE, "Parameters": note})
        status("UPDATE_COMPLETE")
        third = [{"ParameterKey": "Note", "ParameterValue": "third"}]
        change = {"ChangeSetName": "sdk", "TemplateBody": TEMPLATE, "Parameters": third}
        change_set = {"ChangeSetId": call("CreateChangeSet", stack | change)["ChangeSetId"]}
        call("GetChangeSet", change_set)
        call("ListChangeSets", stack)
        call("ExecuteChangeSet", change_set)
        status("UPDATE_COMPLETE")
        call("DeleteChangeSet", change_set)
        self.call("ros", "DescribeRegions", {}, HANGZHOU)
        call("GetServiceProvisions", {"Services": [{"ServiceName": "FC"}, {"ServiceName": "KMS"}]})
        call("EnableServices", {"ServiceNames": ["FC", "KMS"]})
        self.rules()
        self.functions()
        call("DeleteStack", stack)

    def rules(self):
        rule = {"EventBusName": "default", "RuleName": "sdk-states"}

        def call(action, request):
            return self.call("eventbridge", action, request, HANGZHOU)

        found = call("GetRule", rule).typed.data
        self.expect("the rule's status", found.status, "ENABLE")
        call("DisableRule", rule)
        self.expect("the rule's status", call("GetRule", rule).typed.data.status, "DISABLE")
        call("EnableRule", rule)
        call("ListRules", {"EventBusName": "default"})
        target = {
            "Id": "second",
            "Type": "acs.fc.function",
            "Endpoint": "acs:fc:cn-hangzhou:1234567890123456:functions/sdk-work",
            "ParamList": [{"ResourceKey": "functionName", "Form": "CONSTANT", "Value": "sdk-work"}],
        }
        call("PutTargets", rule | {"Targets": [target]})
        listed = call("ListTargets", rule).typed.data.targets
        self.expect("the rule's targets", sorted(row.id for row in listed), ["second", "work"])
        call("DeleteRule", rule)

    def functions(self):
        """Function Compute's paths, with the SDK's own methods: its requests are no plain maps."""
        from alibabacloud_fc20230330 import models

        client = self.recorder.emulator.client("fc", HANGZHOU)
        found = client.get_function("sdk-work", models.GetFunctionRequest()).body
        self.expect("the function's name", found.function_name, "sdk-work")
        self.expect("the function's memory", found.memory_size, 256)
        listed = client.list_functions(models.ListFunctionsRequest(prefix="sdk-")).body.functions
        self.expect("functions", [row.function_name for row in listed], ["sdk-work"])
        triggers = client.list_triggers("sdk-work", models.ListTriggersRequest()).body.triggers
        self.expect("triggers", [(row.trigger_name, row.trigger_type) for row in triggers], [("yearly", "timer")])
        refused("", lambda: client.get_function("absent", models.GetFunctionRequest()))
        # Nobody serves it: the call is taken and fails as a function that crashes does.
        answer = client.invoke_function("sdk-work", models.InvokeFunctionRequest(body=b"{}"))
        self.expect("a crashed function's error", answer.headers.get("x-fc-error-type"), "UnhandledInvocationError")
        self.own_function(client, models)
        for action in FC_ACTIONS:
            self.recorder.seen.setdefault(f"fc.{action}", set())

    def own_function(self, client, models):
        """A function that no stack makes, with a package in the request, and a trigger of its own."""
        package = io.BytesIO()
        with zipfile.ZipFile(package, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("bootstrap", "#!/bin/sh\n")
        code = models.InputCodeLocation(zip_file=base64.b64encode(package.getvalue()).decode())
        made = models.CreateFunctionInput(
            function_name="sdk-own", runtime="custom.debian10", handler="bootstrap", memory_size=256, cpu=0.2, code=code
        )
        made = client.create_function(models.CreateFunctionRequest(body=made)).body
        self.expect("the package's size", made.code_size, len(package.getvalue()))
        changed = models.UpdateFunctionRequest(body=models.UpdateFunctionInput(timeout=30))
        self.expect("the new timeout", client.update_function("sdk-own", changed).body.timeout, 30)
        timer = json.dumps({"cronExpression": "@every 1h", "enable": True, "payload": "x"})
        trigger = models.CreateTriggerInput(trigger_name="hourly", trigger_type="timer", trigger_config=timer)
        client.create_trigger("sdk-own", models.CreateTriggerRequest(body=trigger))
        self.expect("the trigger", client.get_trigger("sdk-own", "hourly").body.trigger_type, "timer")
        changed = models.UpdateTriggerInput(trigger_config=timer.replace("1h", "2h"))
        client.update_trigger("sdk-own", "hourly", models.UpdateTriggerRequest(body=changed))
        client.delete_trigger("sdk-own", "hourly")
        client.delete_function("sdk-own")
        refused("", lambda: client.get_function("sdk-own", models.GetFunctionRequest()))
