/* Licensed to you under the Apache License, Version 2.0; see LICENSE. */

/*
 * The files of an application that are XML, compared with its line: Tomcat's server.xml, config.xml of Fisheye and
 * Crucible (pure). xml_text.c reads them.
 */
#ifndef ATL_APP_CONFIG_XML_H
#define ATL_APP_CONFIG_XML_H

#include "app_config_comparer.h"

/*
 * Compares server.xml, by its connector and its context.
 */
void atl_app_config_tomcat(atl_comparer *c);

/*
 * Compares config.xml of Fisheye or Crucible.
 */
void atl_app_config_fecru(atl_comparer *c);

#endif
