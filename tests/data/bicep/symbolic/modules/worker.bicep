param location string
param environmentId string
param image string

resource worker 'Microsoft.App/containerApps@2024-03-01' = {
  name: 'worker'
  location: location
  properties: {
    environmentId: environmentId
    template: {
      initContainers: [
        {
          name: 'migrate'
          image: 'acme.azurecr.io/Migrate:v1'
        }
      ]
      containers: [
        {
          name: 'worker'
          image: image
        }
      ]
    }
  }
}
