"""The cloudburst that every server knows: how much of the city was under water?"""

from hanze import Hanze

job = Hanze("http://localhost:8080").submit("cloudburst")
job.wait(print)
depth = job.array("max_depth")
print(f"{(depth > 0.2).mean():.1%} of the city was under more than 20 cm")
