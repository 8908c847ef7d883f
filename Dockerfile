# The grading image. Build it in a folder with an unpacked autograder.zip:
#   docker build -t homework .
#   docker build -t homework --build-arg BASE_IMAGE=python:3.12-slim .
# Gradescope makes the same from the zip by itself: it unpacks it on its base image and runs setup.sh.
ARG BASE_IMAGE=gradescope/autograder-base:ubuntu-22.04
FROM ${BASE_IMAGE}
# an index with CPU builds of torch, for homework written with it
ARG TORCH_INDEX=
COPY . /autograder/source/
RUN mkdir -p /autograder/submission /autograder/results \
    && TORCH_INDEX="${TORCH_INDEX}" bash /autograder/source/setup.sh \
    && install -m 0755 /autograder/source/run_autograder /autograder/run_autograder
