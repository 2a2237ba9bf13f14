folder('platform')
folder('sandbox')
