# %% [markdown]
# # A collection as a map
#
# Some hundred drawn pictures are put into a collection of a running server, drawn as a map, looked at,
# searched, and a part of them is taken away. Open this file as a notebook (VS Code, Jupyter with jupytext),
# or run it as a script.
#
# It needs `pip install 'sightline[notebook]'`, a server (`sightline serve`), and to lie in the
# repository, beside `drawings`: `python docs/notebooks/map.py`.

# %%
import os
import sys
from pathlib import Path

import sightline

sys.path.append(str(Path(globals().get("__file__", "map.py")).resolve().parents[2]))  # where `drawings` lies
from drawings import catalogue

client = sightline.Client(os.environ.get("SIGHTLINE_URL", "http://127.0.0.1:8000"))
client.models()

# %% [markdown]
# ## Pictures, and what is known of them

# %%
drawn = list(catalogue(240, seed=7, size_px=160))
client.create("drawings")
client.add(
    "drawings",
    [picture for _, picture in drawn],
    metadata=[{"kind": p.kind, "colour": p.colour, "pattern": p.pattern} for p, _ in drawn],
)
client.describe("drawings").items

# %% [markdown]
# Pictures on the server's machine come in by a job instead:
# `client.wait(client.ingest("drawings", "/srv/photos"))`.
#
# ## The map
#
# It is drawn by a job, too. `min_distance` and `neighbours` are UMAP's; without UMAP it is drawn by PCA, and
# says so.

# %%
job = client.wait(client.draw_map("drawings"), progress=lambda job: print(f"\r{job.done} %", end=""))
info = client.map_info("drawings")
print("", job.state, info.algorithm, info.trustworthiness, info.note)

# %%
df = client.map("drawings")
df.groupby("cluster_name")["kind"].agg(["size", lambda kinds: kinds.mode()[0]])

# %%
try:
    import jscatter
except ImportError:
    print("pip install jupyter-scatter to see the map here; the server's page shows it, too")
else:
    scatter = jscatter.Scatter(data=df, x="x", y="y", color_by="cluster_name", height=600)
    scatter.tooltip(True, properties=["kind", "colour", "pattern"])
    scatter.show()

# %% [markdown]
# ## Search, and where the hits lie

# %%
hits = client.search("drawings", text="a red dress", k=8)
df[df["id"].isin([hit.id for hit in hits])][["kind", "colour", "x", "y", "cluster_name"]]

# %% [markdown]
# ## Select, and take away
#
# A lasso is a polygon on the map, or several, added and subtracted; a filter narrows it. With jscatter the
# rows under a drawn lasso are `df.iloc[scatter.selection()]`.

# %%
largest = df[df["cluster"] == df["cluster"].mode()[0]]
left, right, top, bottom = largest["x"].min(), largest["x"].max(), largest["y"].max(), largest["y"].min()
lasso = [{"op": "add", "polygon": [[left, bottom], [right, bottom], [right, top], [left, top]]}]
inside = client.select("drawings", lasso=lasso, filter={"pattern": "plain"})
df[inside]["kind"].value_counts()

# %%
path = client.export("drawings", "selection.csv", within={"lasso": lasso}, filter={"pattern": "plain"})
print(path, Path(path).stat().st_size, "bytes")

# %% [markdown]
# ## Pictures that are there twice

# %%
for group in client.duplicates("drawings")[:5]:
    print(group.keeper.id, [(copy.item.id, round(copy.score, 3)) for copy in group.copies])
client.close()
