using none

param job = 'acme.azurecr.io/Base:v1'
