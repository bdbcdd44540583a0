param image string
param job string

resource app 'Microsoft.App/containerApps@2024-03-01' = {
  name: 'app'
  location: 'westeurope'
  properties: {
    environmentId: resourceId('Microsoft.App/managedEnvironments', 'env')
    template: {
      containers: [
        { name: 'app', image: image }
        { name: 'job', image: job }
        { name: 'own', image: 'acme.azurecr.io/Own:v1' }
      ]
    }
  }
}
