"""Microsoft Graph: a session that sends calls, and one small file of calls per resource.

A call is a value (`calls.Call`): what to send and how to read the answer. So the same call travels alone or in a batch,
and everything but `session` is pure.
"""
