using './main.bicep'
extends 'base.bicepparam'

param image = 'acme.azurecr.io/Prod:v1'
