param location string = resourceGroup().location
param name string = 'api'

resource environment 'Microsoft.App/managedEnvironments@2024-03-01' existing = {
  name: 'env'
}

module queue 'modules/queue.bicep' = {
  name: 'queue'
  params: {
    images: [for tag in ['v1', 'v2']: 'acme.azurecr.io/Queue:${tag}']
  }
}

module shop 'br/public:avm/shop:1.0.0' = {
  name: 'shop'
  params: {}
}

resource site 'Microsoft.Web/sites@2023-12-01' = {
  name: 'site'
  location: location
  kind: 'app,linux,container'
  properties: {
    siteConfig: {
      linuxFxVersion: 'DOCKER|acme.azurecr.io/Site:v1'
    }
  }

  resource slot 'slots' = {
    name: 'next'
    location: location
    properties: {
      siteConfig: {
        // pullgate: ignore[repository-upper-case] the next one is not pulled yet
        linuxFxVersion: 'DOCKER|acme.azurecr.io/Next:v1'
      }
    }
  }
}

resource front 'Microsoft.App/containerApps@2024-03-01' = {
  name: 'front'
  location: location
  properties: {
    environmentId: environment.id
    template: { containers: [ { name: 'front', image: 'acme.azurecr.io/Front:v1' } ] }
  }
}

resource api 'Microsoft.App/containerApps@2024-03-01' = {
  name: name
  location: location
  properties: {
    environmentId: environment.id
    template: {
      containers: [
        {
          name: 'api'
          image: 'acme.azurecr.io/Api:v1'
        }
      ]
    }
  }
}
