"""What we tell people: mails and webhooks, put into an outbox by whoever changes something, sent by workers.

Writes by `outbox` and `webhooks`, reads by `queries`; what each message says stands in `messages`.
"""
