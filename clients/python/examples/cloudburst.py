"""The cloudburst that every server knows: how much of the land was under water?"""

import numpy as np
from hanze import Hanze

job = Hanze("http://localhost:8080").submit("cloudburst")
job.wait(print)
depth = job.array("max_depth")
land = depth[np.isfinite(depth)]  # canals, rivers and walls have no value; gaps between houses count here
print(f"{(land > 0.2).mean():.1%} of the land was under more than 20 cm")
