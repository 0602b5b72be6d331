"""The service: uploads in; states, results, page images and exports out. `api.py` lists the calls.

`store.py` keeps rows and files, `jobs.py` has documents extracted in processes of their own,
`uploads.py` takes files in, `images.py` shows pages, `auth.py` knows who asks, and `problems.py`
says what went wrong. `extractor.app` wires them into one application.
"""
