#!/bin/bash
# The Littlest JupyterHub for this tutorial. On a machine that has TLJH, as its administrator, in a
# copy of this repository: bash deploy/tljh.sh. It can be run again.
set -euo pipefail
cd "$(dirname "$0")/.."
USER_ENV=/opt/tljh/user
MODELS=/srv/models

# 1. What the lessons need, for all users. Two of them TLJH brings by pip.
packages=$(sed -n 's/^  - \([a-z].*>=.*\)/\1/p' environment.yml | grep -v -e ^jupyterlab -e ^ipywidgets)
sudo $USER_ENV/bin/mamba install -y -c conda-forge $packages

# 2. One copy of the model for all, which students can read and not write.
sudo mkdir -p $MODELS
sudo env HF_HUB_OFFLINE=0 HF_HOME=$MODELS HF_HUB_CACHE=$MODELS $USER_ENV/bin/python -c \
  'from helpers import models; print(models.load_model().weights)'  # must end in (hub) or (cache)
sudo chmod -R a+rX,go-w $MODELS

# 3. Every student's environment, server and JupyterLab.
sudo $USER_ENV/bin/python -m deploy.settings /

# 4. Limits, as in values.yaml. Nobody's server is shut down in the middle of a lecture.
sudo tljh-config set limits.memory 4G
sudo tljh-config set limits.cpu 2
sudo tljh-config set services.cull.timeout 7200
sudo tljh-config set user_environment.default_app jupyterlab
sudo tljh-config reload

echo "The link for students: python -m deploy.settings https://your-hub"
