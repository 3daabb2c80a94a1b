"""A Sightline server from Python, by HTTP: what is asked is written once, and sent in two ways.

    client = sightline.Client("http://127.0.0.1:8000")       # or sightline.AsyncClient, with await
    client.search("shop", text="a red dress").hits

    calls/      what each method asks, step by step, and how it reads the answers; sends nothing
    exchange    one request until it has its answer: when it is sent again, and what a refusal says
    sync, asynchronous   send the steps, each in its way
    answers     what methods give

Knows the domain's words, and no server.
"""
