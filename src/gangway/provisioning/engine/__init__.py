"""The engine: what a registration must be, what is there, what is to do, how it is proved. No Django, no network.

    profile → blueprint ┐
                        ├→ plan → apply → verify
            observation ┘

The network, the database and time come in through `ports`.
"""
