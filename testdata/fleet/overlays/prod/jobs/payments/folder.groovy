folder('payments')
