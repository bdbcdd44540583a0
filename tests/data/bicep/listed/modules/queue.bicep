param images array

resource queue 'Microsoft.App/jobs@2024-03-01' = [for (image, i) in images: {
  name: 'queue-${i}'
  location: 'westeurope'
  properties: {
    environmentId: resourceId('Microsoft.App/managedEnvironments', 'env')
    configuration: { triggerType: 'Manual', replicaTimeout: 60 }
    template: {
      containers: [
        { name: 'queue', image: image }
        { name: 'fixed', image: 'acme.azurecr.io/Fixed:v1' }
      ]
    }
  }
}]
