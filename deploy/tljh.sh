#!/bin/bash
# The Littlest JupyterHub for this tutorial. On a machine that has TLJH, as its
# administrator: bash tljh.sh. It can be run again. Made by python -m deploy.machines.
set -euo pipefail
USER_ENV=/opt/tljh/user
MODELS=/srv/models

# 1. What the lessons need, for all users.
sudo $USER_ENV/bin/mamba install -y -c conda-forge 'pytorch-cpu>=2.6' 'torchvision>=0.21' 'timm>=1.0.28' 'huggingface_hub>=1.25' 'safetensors>=0.5' 'numpy>=2.1' 'pillow>=11.3' 'matplotlib-base>=3.10' 'anywidget>=0.9' 'scikit-learn>=1.5' 'scipy>=1.13' 'tqdm>=4.66'

# 2. One copy of the model for all, which students can read and not write.
sudo mkdir -p $MODELS
sudo rm -rf /opt/dino
sudo git clone -q --depth 1 https://github.com/dino-tutorial/dino-tutorial /opt/dino
cd /opt/dino
sudo env HF_HUB_OFFLINE=0 HF_HOME=$MODELS HF_HUB_CACHE=$MODELS $USER_ENV/bin/python -c \
  'from helpers import models; print(models.load_model().weights)'  # (hub), (cache)
sudo chmod -R a+rX,go-w $MODELS

# 3. Every student's environment.
sudo mkdir -p /opt/tljh/config/jupyterhub_config.d
sudo tee /opt/tljh/config/jupyterhub_config.d/dino.py > /dev/null <<'END'
c.Spawner.environment = {
    "HF_HOME": "/srv/models",
    "HF_HUB_CACHE": "/srv/models",
    "HF_HUB_OFFLINE": "1",
    "OMP_NUM_THREADS": "1",
    "DINO_OUTPUTS": "~/dino-outputs",
}
c.Spawner.start_timeout = c.Spawner.http_timeout = 300
END

# 4. Every student's server, and JupyterLab.
sudo mkdir -p $USER_ENV/etc/jupyter $USER_ENV/share/jupyter/lab/settings
sudo tee $USER_ENV/etc/jupyter/jupyter_server_config.json > /dev/null <<'END'
{
 "ServerApp": {
  "tornado_settings": {
   "websocket_max_message_size": 209715200
  }
 },
 "LanguageServerManager": {
  "autodetect": false
 }
}
END
sudo tee $USER_ENV/share/jupyter/lab/settings/overrides.json > /dev/null <<'END'
{
 "@jupyterlab/apputils-extension:notification": {
  "fetchNews": "false",
  "checkForUpdates": false
 }
}
END

# 5. Limits. Nobody's server is shut down in the middle of a lecture.
sudo tljh-config set limits.memory 2G
sudo tljh-config set limits.cpu 2
sudo tljh-config set services.cull.timeout 7200
sudo tljh-config set user_environment.default_app jupyterlab
sudo tljh-config reload

# The link for students: python -m deploy.machines https://your-hub
