/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * bitbucket.properties, compared with its line (pure). properties.c reads it.
 */
#ifndef ATL_APP_CONFIG_PROPERTIES_H
#define ATL_APP_CONFIG_PROPERTIES_H

#include "app_config_comparer.h"

/*
 * Compares bitbucket.properties, by the keys of its connector on the port of the line.
 */
void atl_app_config_bitbucket(atl_comparer *c);

#endif
