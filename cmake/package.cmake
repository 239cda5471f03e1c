# SPDX-License-Identifier: Apache-2.0
# `cd build && cpack`: the Debian package.
set(ONEMARKET_MAINTAINER "onemarketd maintainers <maintainers@onemarketd.invalid>" CACHE STRING
    "Who answers for the package: NAME <ADDRESS>")
set(ONEMARKET_DEB_RELEASE 1)

# What the policy wants in the package's folder of documents. Nothing here depends on when it is built,
# but the date, which SOURCE_DATE_EPOCH sets.
string(TIMESTAMP ONEMARKET_DEB_DATE "%a, %d %b %Y %H:%M:%S +0000" UTC)
configure_file(packaging/debian/copyright.in ${CMAKE_BINARY_DIR}/debian/copyright @ONLY)
configure_file(packaging/debian/changelog.in ${CMAKE_BINARY_DIR}/debian/changelog @ONLY)
set(CPACK_PRE_BUILD_SCRIPTS ${PROJECT_SOURCE_DIR}/cmake/package_files.cmake)
set(CPACK_ONEMARKET_SOURCE ${PROJECT_SOURCE_DIR})
set(CPACK_ONEMARKET_BINARY ${CMAKE_BINARY_DIR})

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME onemarketd)
set(CPACK_PACKAGE_CONTACT "${ONEMARKET_MAINTAINER}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_RELEASE ${ONEMARKET_DEB_RELEASE})
set(CPACK_DEBIAN_PACKAGE_SECTION admin)
set(CPACK_DEBIAN_PACKAGE_PRIORITY optional)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
# https needs certificates; datastores and marketplaces on other hosts need ssh.
set(CPACK_DEBIAN_PACKAGE_RECOMMENDS "ca-certificates, openssh-client")
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "bash-completion, logrotate, opennebula, qemu-utils")
# Its first line is the project's own.
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION "One daemon that oned, the core of OpenNebula, starts as its driver of
marketplaces, in place of the stock one and with the same arguments. It
imports images into folders that a web server serves and into S3 buckets,
reads the public catalogues, and runs the site's own scripts unchanged.
.
An image is read once, checked, and published in one step; imports go on
after a restart. onemarketctl looks for orphans and for damaged images,
onemarket-downloader fetches images into datastores.")
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
    ${PROJECT_SOURCE_DIR}/packaging/debian/conffiles
    ${PROJECT_SOURCE_DIR}/packaging/debian/postinst
    ${PROJECT_SOURCE_DIR}/packaging/debian/prerm
    ${PROJECT_SOURCE_DIR}/packaging/debian/postrm)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
include(CPack)
