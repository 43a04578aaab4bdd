"""The cloudburst that every server knows: how much of the ground was under water?"""

from hanze import Hanze

job = Hanze("http://localhost:8080").submit("cloudburst")
job.wait(print)
depth, water = job.array("max_depth"), job.array("city/water")
ground = (depth >= 0) & (water == 0)  # no walls, no existing water
print(f"{(depth[ground] > 0.2).mean():.1%} of the ground was under more than 20 cm")
