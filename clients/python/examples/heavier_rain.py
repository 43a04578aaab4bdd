"""What does heavier rain change? The same town under 40, 70 and 100 mm, and the area that each puts under 20 cm."""

from hanze import Hanze

server = Hanze("http://localhost:8080")
scenario = {
    "title": "How much rain is too much?",
    "city": {"demo": {"seed": 4, "width_m": 800, "height_m": 800, "cell_m": 2}},
}
jobs = {}
for mm in (40, 70, 100):
    runoff = {"end_minutes": 90, "order": 1, "rain": {"mm_per_hour": mm, "minutes": 60}}
    jobs[mm] = server.submit({**scenario, "runoff": runoff})
for mm, job in jobs.items():
    raster = job.wait().raster("max_depth")
    hectares = (raster.values > 0.2).sum() * abs(raster.transform.a * raster.transform.e) / 1e4
    print(f"{mm} mm: {hectares:.2f} ha under more than 20 cm")
