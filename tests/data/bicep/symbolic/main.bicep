targetScope = 'resourceGroup'

@description('Where everything is')
param location string = resourceGroup().location

@minLength(3)
param registry string = 'acme.azurecr.io'

@description('The image of the worker')
param workerImage string = 'acme.azurecr.io/Worker:v1' // an upper case letter

param deployJob bool = true

type sidecar = {
  name: string
  image: string
}

var sidecars sidecar[] = [
  { name: 'proxy', image: 'acme.azurecr.io/proxy:v1' }
  { name: 'logs', image: 'acme.azurecr.io/Logs:v1' }
]
var webImage = '${registry}/Web:v1'

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' existing = {
  name: 'env'
}

resource web 'Microsoft.App/containerApps@2024-03-01' = {
  name: 'web'
  location: location
  properties: {
    environmentId: environment.id
    template: {
      containers: [
        {
          name: 'web'
          image: webImage
        }
        {
          name: 'literal'
          image: 'acme.azurecr.io/Literal:v1'
        }
      ]
    }
  }
}

resource side 'Microsoft.App/containerApps@2024-03-01' = [for sidecar in sidecars: {
  name: 'side-${sidecar.name}'
  location: location
  properties: {
    environmentId: environment.id
    template: {
      containers: [for i in range(0, 1): {
        name: 'c${i}'
        image: sidecar.image
      }]
    }
  }
}]

resource nightly 'Microsoft.App/jobs@2024-03-01' = if (deployJob) {
  name: 'nightly'
  location: location
  properties: {
    environmentId: environment.id
    configuration: { triggerType: 'Manual', replicaTimeout: 60 }
    template: {
      containers: [
        { name: 'job', image: deployJob ? 'acme.azurecr.io/Job:v1' : 'acme.azurecr.io/none:v1' }
      ]
    }
  }
}

module worker './modules/worker.bicep' = {
  params: {
    location: location
    image: workerImage
    environmentId: environment.id
  }
}
