"""Who works here: staff users, roles, rights as data, masks, the organisation, and the audit trail."""
