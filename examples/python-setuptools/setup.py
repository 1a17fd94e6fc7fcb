from setuptools import setup

setup(
    name="casks",
    version="0.1.0",
    packages=["casks"],
    package_data={"casks": ["casks.json"]},
    python_requires=">=3.9",
    install_requires=["bottle==0.13.4", "waitress==3.0.2"],
    entry_points={"console_scripts": ["casks = casks:main"]},
)
